import './styles/layers.css';
import './styles/tokens.css';
import './styles/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.tsx';
import { hideWhenLeft } from './app/leaving.ts';
import { preloadPage } from './app/navigation.ts';

preloadPage(window.location.pathname);

hideWhenLeft();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
