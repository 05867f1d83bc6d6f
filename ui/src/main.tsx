import './styles/layers.css';
import './styles/tokens.css';
import './styles/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.tsx';
import { hideWhenLeft } from './app/leaving.ts';
import { preloadPage } from './app/navigation.ts';
import { preloadSession } from './app/session.tsx';

const kWaitMs = 500;

hideWhenLeft();
// What the first picture needs is there in a moment as a rule: to draw grey bars first would only take time. Where it is
// late, or does not come, they say that something is on its way.
const firstPicture = Promise.allSettled([preloadSession(), preloadPage(window.location.pathname)]);
await Promise.race([firstPicture, new Promise((resolve) => setTimeout(resolve, kWaitMs))]);
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
